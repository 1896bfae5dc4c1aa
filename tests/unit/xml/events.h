#pragma once

#include "base/buf.h"
#include "xml/reader.h"

/* The root's start tag every test document begins with. */
#define HEAD                                                                                       \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "                               \
	"xmlns:stream='http://etherx.jabber.org/streams' from='a.lab' to='b.lab' version='1.0'>"

/*
 * One line per event:
 *	open {ns}name attr='value' ...; default ns
 *	element <...>           with every namespace spelt out by the writer
 *	close
 *	fault name: why
 */
void events_print(struct buf *out, struct xml_event *ev);

/* Prints and frees every event there is now; returns how many. */
size_t events_drain(struct xml_reader *r, struct buf *out);

/* The transcript of doc fed at once; the caller frees it. */
char *events_of(const struct xml_limits *limits, struct slice doc);
/* The same fed byte by byte, by parsers shared with another stream that is fed as well. */
char *events_bytewise(const struct xml_limits *limits, struct slice doc);
