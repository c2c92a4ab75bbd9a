"""Reading and writing vector layers and tables through OGR."""
