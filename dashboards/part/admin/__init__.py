"""Components of the administrator's pages: previews, the ledger, quarantined rows, accounts."""
