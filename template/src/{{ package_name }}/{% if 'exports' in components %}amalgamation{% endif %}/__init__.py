"""The exported graph as one C file that needs no library, and the proof that it predicts the same when it is compiled."""
