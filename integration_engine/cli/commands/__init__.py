"""The commands, a room a group. Each is a few lines over ``bootstrap``; the work is elsewhere."""
