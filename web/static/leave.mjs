// A page that was told to go elsewhere sends nothing more: each further answer to a poll would
// break off the way there and start it again, and a page that takes a second would never come.
let isLeaving = false;
const wayOut = ["HX-Redirect", "HX-Refresh"];

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  isLeaving ||= wayOut.some((name) => xhr.getResponseHeader(name) !== null);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isLeaving) event.preventDefault();
});
