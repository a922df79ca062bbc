"""The programme 国培/省培: categories, training classes, their deadlines and the rates that are made public."""
