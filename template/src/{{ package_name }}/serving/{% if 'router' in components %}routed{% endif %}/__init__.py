"""Several models in one service: who answers, who is asked in the shadow, and what is learnt of it."""
