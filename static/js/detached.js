// A live update may take away the element that has just asked for something. htmx then finds no
// place for the answer, and nobody hears how it went: for that moment it is put back, unseen.
const place = document.createElement("div");
place.hidden = true;
document.body.append(place); // the last of the page: what has the same id is found before it

addEventListener("htmx:beforeRequest", ({ detail: { elt, xhr } }) => {
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState !== XMLHttpRequest.DONE || elt.isConnected) return;
    let gone = elt; // with what it stood in, from which it inherits
    while (gone.parentElement) gone = gone.parentElement;
    place.append(gone);
    xhr.addEventListener("loadend", () => gone.remove());
  });
});
