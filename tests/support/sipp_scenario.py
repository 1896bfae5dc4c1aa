"""Scenarios for SIPp, made of refusals.py."""

import re

SCENARIO = """\
<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a refusal">
  <send retrans="500">
    <![CDATA[
{request}]]>
  </send>
  <recv response="{status}">
    <action>
{checks}    </action>
  </recv>
{ack}  <Reference variables="{variables}"/>
</scenario>
"""
ACK = """\
  <send>
    <![CDATA[
      ACK {case.uri} SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport
      Max-Forwards: 70
      From: {case.frm}
      [last_To:]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Content-Length: 0

    ]]>
  </send>
"""
CHECK = (
    '      <ereg regexp="{pattern}" search_in="{where}"{header} check_it="true" assign_to="{n}"/>\n')


def _checks(case):
    """The status line, and each header field that the refusal has to have."""
    wanted = [("msg", "", f"SIP/2.0 {case.line}")]
    for line in case.answer.splitlines():
        name, value = line.split(": ", 1)
        wanted.append(("hdr", f' header="{name}:"', value))
    text = ""
    for n, (where, header, value) in enumerate(wanted, 1):
        pattern = re.sub(r"([.+*?()\[\]])", r"\\\1", value)
        text += CHECK.format(pattern=pattern, where=where, header=header, n=n)
    return text, ",".join(str(n) for n in range(1, len(wanted) + 1))


def refusal(case):
    """The scenario in which a Case is refused, as bytes."""
    # An ACK has the branch of its INVITE (RFC 3261 17.1.1.3), which [branch] would change.
    branch = "z9hG4bK[pid]x[call_number]" if case.method == "INVITE" else "[branch]"
    request = case.request(
        transport="[transport]", address="[local_ip]", port="[local_port]", branch=branch,
        callid="[call_id]")
    checks, variables = _checks(case)
    text = SCENARIO.format(
        request=request.decode("latin-1").replace("\r\n", "\n"), status=case.line.split(" ")[0],
        checks=checks, variables=variables,
        ack=ACK.format(case=case, branch=branch) if case.method == "INVITE" else "")
    return text.encode("latin-1")
