"""What a trained model is worth: how sure its scores are, whether it is accepted, and whether it beats the champion."""
