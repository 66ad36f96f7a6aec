"""What makes the documents: pages of reference, pictures of terminals, the site."""
