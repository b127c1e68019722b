"""The codes that the platform answers with: what each means, and what to do."""
