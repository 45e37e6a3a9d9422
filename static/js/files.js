// A file that the server would refuse for its size is refused before it is sent: the browser would
// show a lost connection, not the answer. The words are the server's.
for (const field of document.querySelectorAll("input[type=file][data-most-bytes]")) {
  const words = document.createElement("div");
  words.className = "invalid-feedback d-block";
  words.setAttribute("role", "alert");
  const isTooLarge = () => [...field.files].some((file) => file.size > field.dataset.mostBytes);

  field.addEventListener("change", () => {
    field.classList.toggle("is-invalid", isTooLarge());
    words.textContent = isTooLarge() ? field.dataset.tooLarge : "";
    field.after(words);
  });
  field.form.addEventListener("submit", (event) => {
    if (!isTooLarge()) return;
    event.preventDefault();
    field.focus();
  });
}
