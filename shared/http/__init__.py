"""An HTTP server that outlives its clients, for the API and every admin port."""
