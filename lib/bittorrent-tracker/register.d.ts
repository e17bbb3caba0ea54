// bittorrent-udp-tracker/register exports nothing: loading it is what it is for.

export {}
