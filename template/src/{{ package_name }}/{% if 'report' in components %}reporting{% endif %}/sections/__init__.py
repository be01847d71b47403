"""What the page of a run tells, a file each. A file that is there takes part; `order` says where."""
