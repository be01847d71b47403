"""What differs between predicting one of two classes, one of several, and a number: one file each."""
