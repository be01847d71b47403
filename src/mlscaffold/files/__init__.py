"""Files: what one is to git, who may write where, how one is put in its place."""
