"""The lab: real peers of Entente on one machine.

A private DNS, a throwaway certificate authority, Prosody, ejabberd, Kamailio, baresip, slixmpp
and Entente itself, all in one temporary folder and on loopback addresses of their own. What
./quickstart shows and what tests/e2e checks is started from here.
"""
