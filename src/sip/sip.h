#pragma once

/*
 * SIP (RFC 3261 and what came after), pure: bytes and a time go in, bytes and events come out. No
 * sockets, no clock, no randomness, no log. This header is the only one other folders include.
 *
 *   uri      sip, sips, tel, im, pres and other URIs: read, print, compare, percent-escapes
 *   value    what stands in header fields: parameters, lists, addresses, Via, media types, dates
 *   message  a message read without copying
 *   check    may this request be served at all, and if not, what is answered
 *   digest   answers to a server that wants to know who asks
 *   frame    where messages end on a stream
 *   sdp      session descriptions: offers and answers
 *   locate   where a next hop is: what to ask DNS, which of its answers to take
 *   identity who a network says a sender is, and what he wants hidden
 *   write    requests and responses as bytes
 *   stack    transactions: matching, retransmissions, timers
 *   dialog   what INVITE makes of two sides: identity, numbers, the way, the states
 *   pidf     presence documents; winfo: who watches whom
 *   subscription, watcher, notifier
 *            SUBSCRIBE and NOTIFY: what their fields say, and the course of either role
 *   session_timer  how long a session lasts without a refresh, and who refreshes it
 */
#include "sip/check.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/frame.h"
#include "sip/identity.h"
#include "sip/locate.h"
#include "sip/message.h"
#include "sip/notifier.h"
#include "sip/pidf.h"
#include "sip/sdp.h"
#include "sip/session_timer.h"
#include "sip/stack.h"
#include "sip/subscription.h"
#include "sip/uri.h"
#include "sip/value.h"
#include "sip/watcher.h"
#include "sip/winfo.h"
#include "sip/write.h"
