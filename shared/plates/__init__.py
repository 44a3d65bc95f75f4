"""Number plates on allow and deny lists: adding, changing and looking them up."""
