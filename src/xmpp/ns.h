#pragma once

/* Namespace names, as literals for SL() and for writing. */
#define NS_STREAM        "http://etherx.jabber.org/streams"
#define NS_SERVER        "jabber:server"
#define NS_CLIENT        "jabber:client"
#define NS_TLS           "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL          "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_PING          "urn:xmpp:ping"
#define NS_DIALBACK      "jabber:server:dialback"
#define NS_DIALBACK_FEAT "urn:xmpp:features:dialback"
