"""The format of a study directory: one reader and one writer, without Ray and without torch."""
