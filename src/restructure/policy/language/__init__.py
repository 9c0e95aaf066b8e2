"""Language: what a policy file may say, as records."""
