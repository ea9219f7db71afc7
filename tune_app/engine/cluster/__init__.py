"""Check and extend a cluster of several machines; ``deploy`` holds files that describe one."""
