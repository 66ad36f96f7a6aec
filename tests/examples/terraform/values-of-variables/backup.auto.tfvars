bucket = "acme-veeam"
