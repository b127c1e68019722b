"""The command `tiktokshop`: authorising a seller and examining a set-up."""
