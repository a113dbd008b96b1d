"""One module per command or group of commands; ``program`` lists them and loads each when it is named."""
