// For visitors of a studio that several people share: what is kept of theirs, for how long, and how to take it away.

function startVisiting(element, library) {
  document.body.classList.add("lw-public");
  const lede = element.querySelector(".lede");
  const room = el("p", { class: "hint" });
  const leave = button(t("Delete everything of mine"), () => askToLeave(place, library, room), { kind: "quiet" });
  const place = el("div", { class: "leave" }, room, leave);
  element.querySelector(".panel").append(place);
  const show = async () => {
    const answer = await library.server.terms({}).catch(() => null);
    if (!answer || answer.refused) return;
    const { notice, limits, account, megabytes } = answer;
    const whose = account ? t("They belong to your account, {name}.", { name: account }) : t("They belong to this browser: on another one, or when its data is cleared, they cannot be reached.");
    say(lede, t("Your pieces are kept on this studio's server, and removed {n} days after their last change. Export what you want to keep.", { n: limits.days }) + " " + whose + (notice ? " " + said(notice) : ""));
    say(room, t("{n} of {m} MB used; pieces of up to {k} words.", { n: megabytes.toFixed(1), m: limits.megabytes, k: figure(limits.words) }));
  };
  whenSeen(element, show);
}

function askToLeave(place, library, room) {
  const remove = async () => {
    const answer = await library.server.leave({}).catch(() => null);
    question.remove();
    if (!answer || answer.refused) return library.parts.problem.append(failure(answer?.refused ?? NO_ANSWER));
    window.longwriter.board?.open(null);
    say(room, t("Everything is deleted."));
    return library.refresh();
  };
  const keep = button(t("Keep it"), () => question.remove(), { kind: "quiet" });
  const question = flag("fail", t("Delete all your drafts and their texts?"), t("It cannot be brought back."), button(t("Delete for good"), remove), keep);
  question.classList.add("leave-question");
  place.querySelector(".leave-question")?.remove();
  place.append(question);
  keep.focus();
}
