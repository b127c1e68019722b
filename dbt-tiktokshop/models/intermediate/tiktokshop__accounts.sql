-- The account of each category: of tiktokshop_accounts, or of the user's own table.
{{ tiktokshop.overridden('tiktokshop_accounts', ['category'], ['account', 'account_name', 'account_type', 'tax_code']) }}
