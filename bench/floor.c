/*
 * What the parts of a bridged message cost at best on this machine, one line for each transport of
 * the SIP side. The sums are the floor that bench/bridge is compared with.
 */
#include <stdio.h>

#include "parts.h"
#include "parts_net.h"
#include "proc.h"
#include "report.h"

static void measure(enum side_kind k, int argc, char **argv)
{
	struct parts_sip sip = parts_sip(k);
	struct parts_tls xmpp = parts_tls();
	double xml = parts_xml();

	report_begin("floor", argc, argv);
	report_str("unit", "us of CPU a message");
	report_str("transport", side_kind_name(k));
	report_num("recv_request", sip.recv_request, 3);
	report_num("send_request", sip.send_request, 3);
	report_num("recv_response", sip.recv_response, 3);
	report_num("send_response", sip.send_response, 3);
	report_num("tls_write", xmpp.write_us, 3);
	report_num("tls_read", xmpp.read_us, 3);
	report_num("xml_parse", xml, 3);
	report_num("sip_to_xmpp", sip.recv_request + xmpp.write_us + sip.send_response, 3);
	report_num("xmpp_to_sip", xmpp.read_us + xml + sip.send_request + sip.recv_response, 3);
	report_end();
}

int main(int argc, char **argv)
{
	proc_pin(0);
	for (enum side_kind k = 0; k < SIDE__N; k++)
		measure(k, argc, argv);
	return 0;
}
