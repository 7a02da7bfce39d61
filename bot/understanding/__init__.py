"""What a message means: its intent, told apart from answers."""
