"""What pages share and do not draw: the view, the address, images, resources, jobs."""
