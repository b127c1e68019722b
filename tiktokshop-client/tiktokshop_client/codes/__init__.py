"""The codes that the platform answers with: what each means, and what is to be done."""
