bucket = "from-tfvars"
