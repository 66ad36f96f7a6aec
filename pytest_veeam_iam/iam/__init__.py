"""The AWS IAM policy language: it knows nothing of Veeam, of files or of pytest."""
