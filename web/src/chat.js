/** The chat's own page: the rooms somebody is in, and the conversation of the one that is chosen (/chat/ROOM#token=…). */

import { Chat } from "./chat/shared.js";
import { fillRooms } from "./chat/roomlist.js";
import { find, say, show, showConnection } from "./dom.js";
import { Rest } from "./rest.js";
import { Ridewire } from "./ridewire.js";
import { renewal, tokenFor } from "./signin/session.js";
import { claims, roomOf } from "./token.js";

class ChatPage {
  #current = null;
  #room = null;

  async start() {
    const token = await tokenFor("chat");
    if (!token) return show(find("#signin"), true);
    const { sub, role } = claims(token);
    const rest = new Rest(token);
    this.wire = new Ridewire({
      token, renew: renewal(token, rest),
      onStatus: ({ status }) => this.#status(status), onWelcome: () => this.chat.welcomed(),
    });
    this.chat = await Chat.start({ wire: this.wire, rest, me: { sub, role }, onNews: () => this.#list() });
    addEventListener("popstate", () => this.#show(roomOf(location.pathname)));
    this.#show(roomOf(location.pathname));
    this.wire.start();
  }

  #status(status) {
    showConnection(find("#connection"), status);
    this.chat.status(status);
  }

  #list() {
    const total = this.chat.unread.total;
    say(find("#problem"), this.chat.trouble);
    document.title = total ? `(${total}) Messages` : "Messages";
    fillRooms(this.chat.rooms, { me: this.chat.me.sub, names: this.chat.names, chosen: this.#room, unreadOf: (room) => this.chat.unread.of(room), choose: (room) => this.#go(room) });
  }

  #go(room) {
    history.pushState(null, "", room ? `/chat/${encodeURIComponent(room)}` : "/chat");
    this.#show(room);
  }

  #show(room) {
    this.#current?.close();
    this.#room = room;
    document.body.toggleAttribute("data-talking", Boolean(room));
    this.#current = room ? this.chat.conversation(room, { onClose: () => this.#go(null) }) : null;
    find("#talk").replaceChildren(...(room ? [this.#current.element] : []));
    this.#current?.open();
    this.#list();
  }
}

new ChatPage().start();
