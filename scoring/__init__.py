"""How good an answer is: rubric, encoder, evidence and scores."""
