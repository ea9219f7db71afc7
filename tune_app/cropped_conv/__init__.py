"""An exact speed-up of convolutions on small images."""
