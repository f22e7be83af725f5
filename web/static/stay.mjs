// Warns two minutes before a session ends without use; one press keeps it, as often as one likes.
const SESSION_MS = 15 * 60 * 1000;
const WARNING_MS = 2 * 60 * 1000;
const notice = document.querySelector("[data-stay]");

if (notice) {
  const said = notice.querySelector("[role=status]");
  const button = notice.querySelector("button");
  const tabs = new BroadcastChannel("vouchsafe-stay");
  const title = document.title;
  let timers = [];

  const tell = (words) => {
    notice.hidden = false;
    said.textContent = words;
    document.title = `${words} ${title}`;
  };
  const begin = () => {
    timers.forEach(clearTimeout);
    notice.hidden = true;
    button.hidden = false;
    said.textContent = "";
    document.title = title;
    timers = [
      setTimeout(() => tell(said.dataset.warn), SESSION_MS - WARNING_MS),
      setTimeout(() => {
        button.hidden = true;
        tell(said.dataset.out);
      }, SESSION_MS),
    ];
  };
  // Whatever this or another tab asks of the server keeps the session of both.
  const used = () => {
    tabs.postMessage("used");
    begin();
  };

  tabs.addEventListener("message", begin);
  document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && used());
  button.addEventListener("click", async () => {
    const answer = await fetch("/", { credentials: "same-origin" });
    if (answer.ok) used();
  });
  used();
}
