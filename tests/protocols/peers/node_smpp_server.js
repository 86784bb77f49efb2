// A message centre made of node-smpp (npm `smpp`), for tests of our client session.
// It prints its port, then one line of JSON for each thing that it sees; password "wrong" is refused.
// For each submit_sm it answers, then sends a receipt; destination 13900000001 is throttled,
// 13900000002 makes it send a message from a phone, 13900000003 makes it say good-bye.
"use strict";
const smpp = require("smpp");

const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
let last = 0;

const server = smpp.createServer((session) => {
  const bind = (pdu) => {
    if (pdu.password === "wrong") {
      session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
      return;
    }
    say({ bind: pdu.command, system_id: pdu.system_id, system_type: pdu.system_type });
    session.send(pdu.response({ system_id: "NODE" }));
    session.enquire_link({}, () => say({ alive: true }));
  };
  session.on("bind_transceiver", bind);
  session.on("bind_transmitter", bind);
  session.on("bind_receiver", bind);
  session.on("submit_sm", (pdu) => {
    const udh = pdu.short_message.udh;
    say({
      destination: pdu.destination_addr,
      source: pdu.source_addr,
      text: pdu.short_message.message,
      data_coding: pdu.data_coding,
      udh: udh ? Buffer.concat(udh).toString("hex") : "",
    });
    if (pdu.destination_addr === "13900000001") {
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    const id = (++last).toString(16);
    session.send(pdu.response({ message_id: id }));
    if (pdu.destination_addr === "13900000003") {
      session.unbind({}, () => say({ unbound: true }));
      return;
    }
    if (pdu.destination_addr === "13900000002") {
      session.deliver_sm({
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        short_message: "退订",
      });
    }
    session.deliver_sm(
      {
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
        receipted_message_id: id,
        message_state: smpp.MESSAGE_STATE.DELIVERED,
        short_message:
          `id:${id} sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 ` +
          "stat:DELIVRD err:000 text:",
      },
      (answer) => say({ acknowledged: id, status: answer.command_status }),
    );
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    say({ unbind: true });
    session.send(pdu.response(), () => session.close());
  });
  session.on("error", (error) => say({ error: String(error) }));
});

server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
process.stdin.on("end", () => process.exit(0)).resume();
