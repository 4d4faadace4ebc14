"""Keys that work while another program has the focus, one backend per system."""
