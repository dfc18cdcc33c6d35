// <ir-recommendations>: asks the app proxy, then the shop itself; without an answer it stays hidden.
class IrRecommendations extends HTMLElement {
  async connectedCallback() {
    const { url, fallbackUrl, productId, limit = "4", intent = "related" } = this.dataset;
    const query = { product_id: productId, limit, intent };
    // Only a visitor who agreed may be given a list of their own.
    const agreed = window.Shopify?.customerPrivacy?.preferencesProcessingAllowed?.();
    let products = await this.#ask(url, agreed ? { ...query, consent: "1" } : query);
    if (!products.length && fallbackUrl) products = await this.#ask(fallbackUrl, query);
    this.querySelector("ul").replaceChildren(...products.map((each) => this.#card(each)));
    this.hidden = !products.length;
  }

  async #ask(url, query) {
    try {
      const asked = `${url}?${new URLSearchParams(query)}`;
      const answer = await fetch(asked, { signal: AbortSignal.timeout(3000) });
      return (answer.ok && (await answer.json()).products) || [];
    } catch {
      return [];
    }
  }

  #card({ title, url, price, featured_image }) {
    const link = document.createElement("a");
    link.href = new URL(url, location.origin).pathname + new URL(url, location.origin).search;
    if (featured_image) {
      const image = document.createElement("img");
      Object.assign(image, { src: featured_image, alt: "", loading: "lazy", width: 240 });
      link.append(image);
    }
    const form = { style: "currency", currency: this.dataset.currency || "USD" };
    const cost = new Intl.NumberFormat(document.documentElement.lang || "en", form);
    for (const [kind, text] of [["title", title], ["price", cost.format(price / 100)]]) {
      const line = document.createElement("span");
      line.className = kind;
      line.textContent = text;
      link.append(line);
    }
    const card = document.createElement("li");
    card.append(link);
    return card;
  }
}

customElements.define("ir-recommendations", IrRecommendations);
