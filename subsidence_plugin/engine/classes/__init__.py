"""Classes of factors and of susceptibility: breaks, rules that can be applied again, codes."""
