// News of a draft over one response that stays open while a job runs. Each line holds only what differs from the one
// before it; here they become whole answers again.

const FEED = "gradio_api/component_server/";

/**
 * Hear the studio until it ends its response ("ended"), `signal` ends it ("stopped"), or the line breaks ("broken").
 * `patience`: milliseconds of silence that mean a broken line; the studio says something every few seconds.
 */
async function listenTo(draft, rev, signal, patience, hear) {
  const line = new AbortController();
  const stop = () => line.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, patience);
  try {
    const board = window.gradio_config.components.find((component) => component.props.elem_id === "lw-board");
    const body = { data: { draft, rev }, component_id: board.id, fn_name: "feed", session_hash: "board" };
    const response = await fetch(FEED, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: line.signal });
    if (!response.ok) return "broken";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let known = {};
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      clearTimeout(timer);
      timer = setTimeout(stop, patience);
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const news of lines) {
        if (signal.aborted) return "stopped";
        const { text, ...answer } = JSON.parse(news);
        known = { job: merged(known.job, answer.job), totals: merged(known.totals, answer.totals) };
        if (text) answer.deltas = [[known.job.key, text]];
        hear({ ...answer, ...known });
      }
    }
  } catch {
    return signal.aborted ? "stopped" : "broken";
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    line.abort();
  }
}

const merged = (known, news) => (news === undefined ? known : news && { ...known, ...news });
