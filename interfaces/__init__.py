"""How people and programs reach the service: HTTP, the command line, and the processes behind them."""
