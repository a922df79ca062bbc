"""What is learned from the record: estimators in scikit-learn style, one a file, saved with a card."""
