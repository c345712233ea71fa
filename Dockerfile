# docker build -t convscope .                            for the processor
# docker build -t convscope:gpu --build-arg DEVICE=gpu . for an NVIDIA card
# docker run --rm -p 127.0.0.1:8501:8501 -v convscope-data:/data convscope

ARG PYTHON_VERSION=3.13

# ---- The pinned packages, compiled to bytecode while they are installed. TensorFlow's C++ headers
# (290 MB) serve only those who write kernels for it. ----
FROM python:${PYTHON_VERSION}-slim AS packages
ARG DEVICE=cpu
WORKDIR /build
COPY requirements.txt requirements-gpu.txt ./
RUN case "${DEVICE}" in \
        cpu) pins=requirements.txt ;; \
        gpu) pins=requirements-gpu.txt ;; \
        *) echo "DEVICE must be cpu or gpu, not '${DEVICE}'" >&2; exit 1 ;; \
    esac \
    && python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --requirement "${pins}" \
    && rm -rf /opt/venv/lib/python*/site-packages/tensorflow/include

# ---- The app ----
FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="Convscope" \
      org.opencontainers.image.description="Look inside a trained CNN" \
      org.opencontainers.image.licenses="Apache-2.0"

# The root may be mounted read-only: nothing is written but to /data and /tmp.
ENV PATH="/opt/venv/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=2 \
    HOME=/tmp \
    TMPDIR=/tmp \
    CONVSCOPE_CACHE=/data/cache \
    CONVSCOPE_RUNS=/data/runs \
    CONVSCOPE_UPLOADS=/data/uploads

RUN groupadd --gid 10001 convscope \
    && useradd --uid 10001 --gid convscope --no-create-home --home-dir /tmp --shell /usr/sbin/nologin convscope \
    && install -d -o convscope -g convscope /data /data/cache /data/runs /data/uploads

COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
RUN python -m compileall -q app.py cnn_core dashboard pages

USER 10001:10001
VOLUME /data
EXPOSE 8501

# Streamlit answers 503 and another text while it is not ready, so the body is read too.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; answer = r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8501/_stcore/health', timeout=4).read(); raise SystemExit(answer.strip() != b'ok')"]

# The last option keeps Streamlit from asking the internet for its own address.
CMD ["python", "-m", "dashboard", "--server.headless=true", "--server.address=0.0.0.0", "--server.port=8501", \
     "--browser.serverAddress=localhost"]
