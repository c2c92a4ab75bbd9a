"""What is installed and where, which device computes, and how to install what is missing."""
