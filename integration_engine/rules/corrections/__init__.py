"""What a change after submission makes of a claim that was sent."""
